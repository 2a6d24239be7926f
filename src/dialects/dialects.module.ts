import { type DynamicModule, Module } from '@nestjs/common';
import { type Configuration, ConfigurationError } from '../config/configuration.js';
import { PARLEY } from '../realtime/connections/parley-dialect.js';
import * as dialects from './dialects.js';
import type { DialectModule } from './transport/dialect-module.js';
import { DialectTransportModule } from './transport/dialect-transport.module.js';

/** The older dialects that are switched on (contract, section 10). */
@Module({})
export class DialectsModule {
  /** @throws ConfigurationError for a name that is no dialect's. */
  static with(configuration: Configuration): DynamicModule {
    return {
      module: DialectsModule,
      // The transport also where nobody speaks over it: it answers who tries.
      imports: [DialectTransportModule, ...enabledDialects(configuration)],
    };
  }
}

/**
 * The modules that DIALECTS names.
 * @throws ConfigurationError for a name that is no dialect's, and for a SOCKET_DIALECT that clients could not choose.
 */
export function enabledDialects(
  { dialects: names, socketDialect }: Pick<Configuration, 'dialects' | 'socketDialect'>,
  all: readonly DialectModule[] = Object.values(dialects),
): DialectModule[] {
  const known = all.map(({ dialect }) => dialect.name);
  for (const name of names === 'all' ? [] : names)
    if (!known.includes(name))
      throw new ConfigurationError(`DIALECTS must be all, none, or some of ${known.join(', ')}, not "${name}"`);
  const enabled = all.filter(({ dialect }) => names === 'all' || names.includes(dialect.name));
  const offered = enabled.flatMap(({ dialect }) => (dialect.transport === 'Socket.IO' ? [dialect.name] : []));
  if (socketDialect !== undefined && ![PARLEY, ...offered].includes(socketDialect))
    throw new ConfigurationError(`SOCKET_DIALECT must be ${[PARLEY, ...offered].join(' or ')}, not "${socketDialect}"`);
  return enabled;
}
