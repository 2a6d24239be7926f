import { IsId } from '../../common/validation/is-id.decorator.js';

export class BlockUserDto {
  /** Whom to block. */
  @IsId()
  userId!: string;
}
