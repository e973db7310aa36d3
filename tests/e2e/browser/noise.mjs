// A picture that no browser takes for a placeholder: a bitmap of noise. One of
// few colours is no candidate for the largest paint.

const WIDTH = 300;
const HEIGHT = 200;
const HEADER = 54;

/** 180 kB, the same each time. */
export const noise = Buffer.alloc(HEADER + WIDTH * HEIGHT * 3);
noise.write("BM", 0);
noise.writeUInt32LE(noise.length, 2);
noise.writeUInt32LE(HEADER, 10);
noise.writeUInt32LE(40, 14);
noise.writeInt32LE(WIDTH, 18);
noise.writeInt32LE(HEIGHT, 22);
noise.writeUInt16LE(1, 26);
noise.writeUInt16LE(24, 28);
let state = 1;
for (let at = HEADER; at < noise.length; at++) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  noise[at] = state >>> 16;
}
