/** Who is asking. First argument of every service method that acts for somebody. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** The API key that acts for the user; undefined where the user itself does. */
  readonly keyId?: string;
}
