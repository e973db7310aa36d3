// Work on the main thread, in each phase of an interaction.
function busy(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
/** Busy from before a press until so long after it has come, however long it is on its way. */
window.busySoon = (ms) => setTimeout(function laterWork() {
  const end = performance.now() + 5000;
  while (!navigator.scheduling.isInputPending() && performance.now() < end);
  busy(ms);
});
let quick = 0;
document.querySelector(".work").addEventListener("click", function work() { busy(180); });
document.querySelector("#paint").addEventListener("click", () => requestAnimationFrame(function late() { busy(160); }));
document.querySelector("#quick").addEventListener("click", () => busy(window.slowness?.[quick++] ?? 50));
document.querySelector("#field").addEventListener("keydown", () => busy(140));
