import { OwnUserView } from '../../views/users.view.js';

/** A new pair of tokens (contract, section 2). */
export class TokensView {
  /** A JWT for `Authorization: Bearer`. */
  accessToken!: string;
  /** Opaque; good for one refresh. @example "yZ0o0w7VbA3m0nYJ3l0tqP1o9m7h0bqzqT1cJ8c3s4E" */
  refreshToken!: string;
  /** For how long the access token is good, in seconds. @example 900 */
  expiresIn!: number;
}

/** A new account, logged in. */
export class RegistrationView extends TokensView {
  user!: OwnUserView;
}

/** That a code was mailed. */
export class VerificationView {
  /** @example true */
  required!: boolean;
  /** When the code ends: ISO 8601, UTC. */
  expiresAt!: string;
}

/** A new account whose e-mail address has to be verified before it can be used. */
export class PendingRegistrationView {
  user!: OwnUserView;
  verification!: VerificationView;
}
