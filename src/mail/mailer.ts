/** One message to one person. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Sends mail. Rejects where it could not be handed over; what happens to it after that nobody here learns. */
export abstract class Mailer {
  abstract send(mail: Mail): Promise<void>;
}
