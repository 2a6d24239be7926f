import { IsId } from '../../common/validation/is-id.decorator.js';

export class SendFriendRequestDto {
  /** Whom to ask. */
  @IsId()
  userId!: string;
}
