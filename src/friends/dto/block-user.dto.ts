import { IsId } from '../../common/is-id.decorator.js';

export class BlockUserDto {
  /** Whom to block. */
  @IsId()
  userId!: string;
}
