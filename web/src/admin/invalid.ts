import { ChatError } from '@parley/client';

/** As the server would answer it, without asking it. */
export const invalid = (field: string, fault: string): ChatError =>
  new ChatError('VALIDATION_FAILED', fault, { errors: { [field]: [fault] } });
