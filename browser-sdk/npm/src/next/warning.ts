// Next.js reads its config in several processes: one of them warns.

/** Says it once in a build. */
export function warnOnce(message: string): void {
  if (process.env.SIGHTLINE_WARNED?.includes(message)) return;
  process.env.SIGHTLINE_WARNED = `${process.env.SIGHTLINE_WARNED ?? ""}${message}\n`;
  console.warn(`Sightline: withSightline(): ${message}`);
}
