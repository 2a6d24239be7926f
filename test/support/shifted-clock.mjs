// node --import: the clock of this process is off by CLOCK_SHIFT_MS, as that of a machine that nobody set.
import process from 'node:process';

const shift = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...parameters) {
    if (parameters.length === 0) super(RealDate.now() + shift);
    else super(...parameters);
  }
  static now() {
    return RealDate.now() + shift;
  }
};
