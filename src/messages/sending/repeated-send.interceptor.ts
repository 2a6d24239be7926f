import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { catchError, type Observable } from 'rxjs';
import type { Principal } from '../../common/access/principal.js';
import type { MessageView } from '../../views/messages.view.js';
import { MessageSender } from './message-sender.js';

/** Answers a repeat whose body or path is not valid: pipes run behind interceptors. */
@Injectable()
export class RepeatedSendInterceptor implements NestInterceptor {
  constructor(private readonly sender: MessageSender) {}

  intercept(context: ExecutionContext, next: CallHandler<MessageView>): Observable<MessageView> {
    const { user, body } = context.switchToHttp().getRequest<{ user: Principal; body: unknown }>();
    const { clientId } = (body ?? {}) as { clientId?: unknown };
    return next
      .handle()
      .pipe(catchError(async (refusal: unknown) => (await this.sender.repeatOf(user, clientId, refusal)).message));
  }
}
