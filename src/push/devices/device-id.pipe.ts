import { Injectable, type PipeTransform } from '@nestjs/common';
import { DomainError, invalidField } from '../../common/errors.js';

/** Chosen by the client, and its own alone: two users may call theirs the same. */
export const DEVICE_ID_PATTERN = /^[A-Za-z0-9._:-]{1,64}$/;

/** The id of a device that is being registered. */
@Injectable()
export class NewDeviceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!DEVICE_ID_PATTERN.test(value))
      throw invalidField('deviceId', 'deviceId must be 1 to 64 letters, digits, dots, colons, dashes and underscores');
    return value;
  }
}

/** The id of one that is there: what cannot be an id is nobody's. */
@Injectable()
export class DeviceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!DEVICE_ID_PATTERN.test(value)) throw new DomainError('NOT_FOUND');
    return value;
  }
}
