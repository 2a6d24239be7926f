/** Who is asking. First argument of every service method that acts for somebody. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
}
