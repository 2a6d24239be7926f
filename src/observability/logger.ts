import { ConsoleLogger, type LoggerService } from '@nestjs/common';
export function createLogger(_c: unknown): LoggerService { return new ConsoleLogger(); }
