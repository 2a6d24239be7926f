import { connect, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { framed, frameOf, FrameReader } from '../../workers/frame-stream.js';
import { type BusListener, ClusterBus } from './cluster-bus.js';
import { FramesUnderWay } from './frames-under-way.js';

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;
/** How long the last frames have to leave. */
const STOP_TIMEOUT_MS = 500;

/** The hub of the workers of one machine (`FrameHub`), by a socket in their directory. */
export class IpcClusterBus extends ClusterBus {
  private readonly logger = new Logger(IpcClusterBus.name);
  private readonly underWay = new FramesUnderWay();
  private socket: Socket | undefined;
  private isConnected = false;
  private isStopped = false;
  private failures = 0;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly path: string) {
    super();
  }

  override async start(listener: BusListener): Promise<void> {
    this.connect(listener);
    this.underWay.watch(() => this.socket?.destroy());
    return Promise.resolve();
  }

  override publish(frame: string): void {
    const { socket } = this;
    if (socket === undefined || !this.isConnected) return;
    const bytes = framed(frame);
    if (this.underWay.hasRoomFor(bytes.length)) socket.write(bytes, this.underWay.sent(bytes.length));
  }

  override async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    this.underWay.stop();
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), STOP_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  private connect(listener: BusListener): void {
    const reader = new FrameReader();
    const socket = connect(this.path);
    this.socket = socket;
    socket.on('connect', () => {
      this.failures = 0;
      this.isConnected = true;
      listener.connected();
    });
    socket.on('data', (piece) => {
      if (this.isStopped) return;
      try {
        for (const frame of reader.read(piece)) listener.received(frameOf(frame));
      } catch (error) {
        this.logger.warn(`frames of other workers cannot be read: ${(error as Error).message}`);
        socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.isConnected) listener.disconnected();
      this.isConnected = false;
      if (this.isStopped) return;
      const pause = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(this.failures, 10));
      this.failures += 1;
      this.retry = setTimeout(() => this.connect(listener), pause).unref();
    });
  }
}
