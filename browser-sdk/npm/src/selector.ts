// The place of an element as a short selector, such as `#cart>li.item`: names,
// ids and classes, no text. Written as web-vitals writes it.

const MAX_LENGTH = 99;

/** From the nearest element with an id, as far as there is room. */
export function selector(node: Node | null | undefined): string {
  let path = "";
  try {
    for (; node && node.nodeType !== 9; node = node.parentNode) {
      const { id, classList, nodeName, nodeType } = node as Element;
      const name = nodeType === 1 ? nodeName.toLowerCase() : nodeName.replace("#", "").toUpperCase();
      const step = id ? `#${id}` : [name, ...[...(classList ?? [])].sort()].join(".");
      if (path.length + step.length > MAX_LENGTH) return path || step;
      path = path ? `${step}>${path}` : step;
      if (id) break;
    }
  } catch {
    // A node whose members are not what they should be.
  }
  return path;
}
