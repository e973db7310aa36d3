// A page that asks its API and then breaks.
document.querySelector("button").onclick = async () => {
  await fetch("/api/items/42?token=secret");
  throw new RangeError("sold out");
};
