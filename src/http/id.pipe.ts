import { Injectable, type PipeTransform } from '@nestjs/common';
import { DomainError } from '../common/errors.js';
import { UUID_PATTERN } from '../common/identifier.js';

/** An id in a path. What cannot be an id names nothing, so it answers 404 as an id that was never used does. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!UUID_PATTERN.test(value)) throw new DomainError('NOT_FOUND');
    return value.toLowerCase();
  }
}
