import { Injectable } from '@nestjs/common';

/** Whether this process still takes new work. */
@Injectable()
export class Lifecycle {
  private leaving = false;
  private refusing = false;
  private draining = false;
  private isCut = false;
  private underWay = 0;
  private whenIdle: (() => void) | undefined;

  /** True from the moment the process received its signal to end: nobody is to be sent here any more. */
  get isLeaving(): boolean {
    return this.leaving || this.draining;
  }

  /** Everything goes on: a balancer has yet to notice. */
  leave(): void {
    this.leaving = true;
  }

  /** True once new connections are refused. */
  get refusesConnections(): boolean {
    return this.refusing || this.draining;
  }

  /** Those that are there are served until they are sent away. */
  refuseConnections(): void {
    this.refusing = true;
  }

  /** True once nothing new is taken at all. */
  get isDraining(): boolean {
    return this.draining;
  }

  drain(): void {
    this.draining = true;
  }

  /** Requests that did not end are cut: what they began may still be committed. */
  cutRequests(): void {
    this.isCut = true;
  }

  /** Whether nothing that was accepted may still be committed, events and requests alike. */
  get hasFinished(): boolean {
    return this.isIdle && !this.isCut;
  }

  /** An event was accepted; `done` must follow. */
  begin(): void {
    this.underWay += 1;
  }

  done(): void {
    this.underWay -= 1;
    if (this.isIdle) this.whenIdle?.();
  }

  /** Whether every event that was accepted is answered. */
  get isIdle(): boolean {
    return this.underWay === 0;
  }

  /** Resolves once every event that was accepted is answered, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
