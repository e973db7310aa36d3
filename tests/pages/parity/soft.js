// A router: a click changes the address and the content, without a load.
const push = (px) => above.insertAdjacentHTML("beforeend", `<div style="height:${px}px"></div>`);
for (const link of document.querySelectorAll("a")) {
  link.onclick = (event) => {
    event.preventDefault();
    const end = performance.now() + 60;
    while (performance.now() < end);
    history.pushState({}, "", link.href);
    document.querySelector("main").innerHTML = `<h1 id="at-${link.id}">A new view of ${link.pathname}, with enough text to be the largest.</h1>`;
  };
}
document.querySelector("#work").onclick = () => {
  const end = performance.now() + 120;
  while (performance.now() < end);
};
window.shiftLater = (px) => setTimeout(() => push(px), 600);
