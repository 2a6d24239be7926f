/**
 * Says how loud the packets of one sound are, one after the other, from the few bits that say so: nothing is decoded to
 * samples.
 */
export interface LoudnessMeter {
  /** Amplitudes of a packet's parts, in a unit that is the same for all packets of the sound; none where it does not say. */
  measure(packet: Buffer): number[];
}
