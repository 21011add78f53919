/* The alarm's tones, for both faces. A tone is one looped buffer, so no timer is needed to keep it
   sounding: hidden tabs slow timers down, but not sound. */

export const RATE = 22050;

// Per level: seconds of one round, then notes of [start, length, from Hz, to Hz].
const TONES = {
  1: [1.0, [[0, 0.22, 960, 960], [0.25, 0.22, 760, 760], [0.5, 0.22, 960, 960], [0.75, 0.22, 760, 760]]],
  2: [1.6, [[0, 0.25, 720, 720], [0.35, 0.25, 720, 720]]],
  3: [2.4, [[0, 0.3, 580, 580]]],
  4: [4.0, [[0, 0.25, 440, 440]]],
  second: [1.3, [[0, 1.2, 500, 1400]]],
  link: [3.0, [[0, 0.15, 330, 330], [0.2, 0.15, 260, 260]]],
  check: [0.6, [[0, 0.2, 660, 660], [0.25, 0.3, 880, 880]]],
};

function buffer(context, name) {
  const [length, notes] = TONES[name];
  const made = context.createBuffer(1, Math.round(length * RATE), RATE);
  const samples = made.getChannelData(0);
  for (const [start, span, from, to] of notes) {
    const count = Math.round(span * RATE);
    let phase = 0;
    for (let i = 0; i < count; i += 1) {
      const part = i / count;
      phase += (2 * Math.PI * (from + (to - from) * part)) / RATE;
      const edge = Math.min(1, i / 220, (count - i) / 220);
      samples[Math.round(start * RATE) + i] = 0.5 * edge * (Math.sin(phase) + 0.3 * Math.sin(3 * phase));
    }
  }
  return made;
}

/* Begin a tone; the source is stopped by whoever began it. */
export function sound(context, name, loop) {
  const source = context.createBufferSource();
  source.buffer = buffer(context, name);
  source.loop = loop;
  source.connect(context.destination);
  source.start();
  return source;
}
