import { IsId } from '../../common/is-id.decorator.js';

export class SendFriendRequestDto {
  /** Whom to ask. */
  @IsId()
  userId!: string;
}
