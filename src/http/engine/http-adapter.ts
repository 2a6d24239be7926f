import { createServer, IncomingMessage } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Express on a server of Node's that takes nothing but WebSockets out of HTTP. Nest's options of a server have no effect. */
export class HttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.httpServer = createServer({ IncomingMessage: HttpRequest }, this.getInstance());
  }
}

/**
 * A request that offers to go on in another protocol than WebSocket is answered like any other, as a server may (RFC 9110, 7.8):
 * Java's HttpClient and curl offer HTTP/2 that way. Node takes all that offer something out of HTTP as soon as anything listens
 * for one protocol, and asks this property whether to.
 */
class HttpRequest extends IncomingMessage {
  // Assigned by the constructor of the class above, so that a field of this one would come too late.
  declare private offersUpgrade: boolean | null;

  get upgrade(): boolean {
    return (
      this.offersUpgrade === true && (this.method === 'CONNECT' || /^websocket$/i.test(this.headers.upgrade ?? ''))
    );
  }

  set upgrade(offers: boolean | null) {
    this.offersUpgrade = offers;
  }
}
