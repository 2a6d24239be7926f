import { domainErrorOf } from '../../common/errors.js';

/**
 * What is read for a client by its own right: undefined where its limits refuse that. It reads too much, and lacks this one
 * event; to end its connection would have it read even more.
 */
export async function unlessLimited<Result>(read: Promise<Result>): Promise<Result | undefined> {
  try {
    return await read;
  } catch (error) {
    if (domainErrorOf(error).category === 'LIMITED') return undefined;
    throw error;
  }
}
