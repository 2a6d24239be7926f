import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { parseYaml } from '@redocly/openapi-core';
import { readSettings, SETTINGS } from '../../src/config/settings/settings.js';
import { onlyWith, programPath } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, startStory, type Story } from '../support/story.js';

const run = promisify(execFile);
const CERTIFICATE = 'test/fixtures/redis-tls.pem';

const read = (path: string): string => readFileSync(path, 'utf8');
/** Each document of a file. */
const documents = (path: string): Anything[] =>
  read(path)
    .split(/^---$/m)
    .map((text) => parseYaml(text) as Anything);
/** What Compose makes of it where these variables are set and no others. */
const substituted = (text: string, variables: Record<string, string>): string =>
  text.replaceAll(/\$\{([A-Z_0-9]+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    if (variables[name] !== undefined) return variables[name];
    if (kind !== '-') throw new Error(`${name} is not set`);
    return rest;
  });
const seconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1]);

interface BalancedServer {
  name: string;
  host: string;
  port: number;
  sid: string | undefined;
  cookie: string | undefined;
}

/**
 * The servers that a configuration of HAProxy knows by name: where they are, by which beginning of a session's id it finds them,
 * and by which cookie.
 */
function serversOf(configuration: string): BalancedServer[] {
  const sids = new Map(
    [...configuration.matchAll(/^ *use-server (\S+) if \{ url_param\(sid\) -m beg (\S+) \}$/gm)].map(
      ([, name = '', sid]) => [name, sid],
    ),
  );
  const servers = configuration.matchAll(/^ *server (\S+) ([^\s:]+):(\d+)(?: cookie (\S+))?/gm);
  return [...servers].map(([, name = '', host = '', port, cookie]) => ({
    name,
    host,
    port: Number(port),
    sid: sids.get(name),
    cookie,
  }));
}

async function checkWithHaproxy(path: string): Promise<void> {
  // Fails where there is an error in it; names that only exist where it runs are warnings.
  await run(programPath('haproxy') ?? '', ['-c', '-f', path]);
}

it('the image and the unit of systemd give Node the options that `npm start` gives it', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };
  const options = scripts.start.match(/--\S+/g);
  expect(options).not.toBeNull();
  expect(JSON.parse(/^CMD (\[.*\])$/m.exec(read('Dockerfile'))?.[1] ?? '')).toEqual([
    'node',
    ...(options ?? []),
    'dist/main.js',
  ]);
  expect(read('docs/operations/parley.service')).toMatch(
    new RegExp(`^ExecStart=/usr/bin/node ${options?.join(' ')} dist/main\\.js$`, 'm'),
  );
});

it('the unit of systemd is started again however often it ended', () => {
  const [, unit] = /^\[Unit\]\n(.*?)^\[Service\]\n/ms.exec(read('docs/operations/parley.service')) ?? [];
  expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
});

it.each(['compose.yaml', 'compose.cluster.yaml'])('%s keeps no log without bound', (path) => {
  const { services } = parseYaml(read(path)) as Anything;
  const bounded = { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } };
  expect(Object.entries<Anything>(services).map(([name, { logging }]: [string, Anything]) => [name, logging])).toEqual(
    Object.keys(services).map((name) => [name, bounded]),
  );
});

onlyWith(it, 'haproxy')('docs/operations/haproxy.cfg is a configuration that HAProxy takes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-haproxy-'));
  try {
    // Its certificate lies on the machine that it is for.
    const configuration = read('docs/operations/haproxy.cfg').replace(/ crt \S+/, ` crt ${resolve(CERTIFICATE)}`);
    expect(configuration).toContain(CERTIFICATE);
    await writeFile(join(directory, 'haproxy.cfg'), configuration);
    await checkWithHaproxy(join(directory, 'haproxy.cfg'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

describe('nginx before processes that are started by hand', () => {
  const configured = read('examples/balancer/nginx.conf');

  it('waits long for files alone, and leaves no process out for what a request made fail', () => {
    const [, files = '', other = ''] = /location \/attachments \{(.*?)\}(.*)/s.exec(configured) ?? [];
    const [before = ''] = configured.split('location /attachments');
    expect(files).toContain('proxy_read_timeout 400s;');
    expect(before).toContain('proxy_read_timeout 75s;');
    expect(`${before}${other}`).not.toContain('400s');
    expect(/upstream both \{(.*?)\}/s.exec(configured)?.[1]?.match(/max_fails=0;/g)).toHaveLength(2);
  });
});

describe('compose.cluster.yaml', () => {
  const secrets = {
    JWT_SECRET: 'f0b9 long enough for this test, and no placeholder',
    POSTGRES_PASSWORD: 'a1b2c3',
    REDIS_PASSWORD: 'd4e5f6',
  };
  const compose = parseYaml(substituted(read('compose.cluster.yaml'), secrets)) as Anything;
  const balancing = read('examples/balancer/compose.cfg');
  const servers = Object.entries(compose.services as Record<string, Anything>).filter(
    ([, { environment }]) => environment?.NODE_NAME !== undefined,
  );

  it('gives three servers settings that exist and are valid, and that differ by the name alone', () => {
    expect(servers.map(([name]) => name)).toEqual(['one', 'two', 'three']);
    for (const [name, { environment }] of servers) {
      expect(Object.keys(environment).filter((key) => !Object.hasOwn(SETTINGS, key))).toEqual([]);
      const given = Object.entries(environment).filter(([, value]) => value !== null);
      const settings = readSettings(Object.fromEntries(given.map(([key, value]) => [key, String(value)])));
      expect(settings).toMatchObject({ NODE_NAME: name, REDIS_URL: 'redis://:d4e5f6@redis:6379' });
      expect({ ...environment, NODE_NAME: undefined }).toEqual({
        ...servers[0]?.[1].environment,
        NODE_NAME: undefined,
      });
    }
  });

  it('gives them time to send their clients away', () => {
    for (const [, { stop_grace_period: grace, environment }] of servers)
      expect(seconds(grace)).toBeGreaterThan(Number(environment.DRAIN_SECONDS) + 10);
  });

  it('has a balancer that finds each of them, also by the ids of its sessions', () => {
    expect(compose.services.balancer.volumes).toContain(
      './examples/balancer/compose.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro',
    );
    const [published] = compose.services.balancer.ports as [string];
    expect(balancing).toMatch(new RegExp(`^ *bind :${published.split(':').at(-1)}$`, 'm'));
    expect(serversOf(balancing)).toEqual(
      servers.map(([name, { environment }]) => ({
        name,
        host: name,
        port: Number(environment.PORT),
        sid: `${environment.NODE_NAME}.`,
        cookie: name,
      })),
    );
    expect(balancing).toMatch(/^ *option dontlog-normal$/m);
    expect(balancing).toMatch(/^ *force-persist if \{ url_param\(sid\) -m found \}$/m);
  });

  onlyWith(it, 'haproxy')('has a balancer whose configuration HAProxy takes', () =>
    checkWithHaproxy('examples/balancer/compose.cfg'),
  );

  it('has a PostgreSQL with room for the connections of the old and the new servers', () => {
    const limit = (compose.services.postgres.command as string[]).find((word) => word.startsWith('max_connections='));
    const pools = servers.reduce((sum, [, { environment }]) => sum + Number(environment.DATABASE_POOL_SIZE), 0);
    expect(Number(limit?.split('=')[1])).toBeGreaterThan(2 * pools);
  });

  onlyWith(it, 'redis-server')('has a Redis that starts so, and lets nobody in without the password', async () => {
    const [program, ...settings] = compose.services.redis.command as [string, ...string[]];
    expect(program).toBe('redis-server');
    const redis = await RedisServer.start(() => settings);
    try {
      const ask = async (url: string): Promise<string> => {
        const client = createClient({ url, socket: { reconnectStrategy: false } });
        client.on('error', () => undefined);
        try {
          await client.connect();
          return await client.ping();
        } catch (error) {
          return (error as Error).message;
        } finally {
          if (client.isOpen) client.destroy();
        }
      };
      expect(await ask(redis.url.replace('redis://', `redis://:${secrets.REDIS_PASSWORD}@`))).toBe('PONG');
      expect(await ask(redis.url)).toMatch(/NOAUTH/);
    } finally {
      await redis.kill();
    }
  });
});

describe('the manifests for Kubernetes', () => {
  const folder = 'examples/kubernetes';
  const all = [...documents(`${folder}/servers.yaml`), ...documents(`${folder}/balancer.yaml`)];
  const found = (kind: string, name: string): Anything =>
    all.find((each) => each.kind === kind && each.metadata.name === name) ?? expect(`${kind} ${name}`).toBe('there');
  const set = found('StatefulSet', 'parley');
  const pod = set.spec.template.spec;
  const [container] = pod.containers;
  const environment = new Map<string, Anything>(container.env.map((each: Anything) => [each.name, each]));
  const value = (name: string): string => environment.get(name)?.value;
  const balancing = read(`${folder}/haproxy.cfg`);

  it('give the servers settings that exist and are valid', () => {
    expect([...environment.keys()].filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
    expect(environment.size).toBe(container.env.length);
    const plain = [...environment.values()].filter((each) => each.value !== undefined);
    readSettings(Object.fromEntries(plain.map((each) => [each.name, each.value])));
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'VAPID_PRIVATE_KEY', 'S3_BUCKET'])
      expect(environment.get(name)?.valueFrom.secretKeyRef).toEqual({ name: 'parley', key: name });
    for (const { valueFrom } of environment.values())
      if (valueFrom?.secretKeyRef?.optional !== true && valueFrom?.secretKeyRef !== undefined)
        expect(read('docs/operations/cluster.md')).toContain(`--from-literal=${valueFrom.secretKeyRef.key}=`);
  });

  it('name each process as its pod, which the balancer finds by the ids of its sessions', () => {
    expect(environment.get('NODE_NAME')?.valueFrom.fieldRef.fieldPath).toBe('metadata.name');
    const { spec } = found('Service', set.spec.serviceName);
    expect(spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'parley' } });
    const namespace = parseYaml(read(`${folder}/kustomization.yaml`)) as Anything;
    const known = serversOf(balancing);
    expect(known.length).toBeGreaterThanOrEqual(set.spec.replicas);
    for (const [index, server] of known.entries()) {
      const name = `${set.metadata.name}-${index}`;
      expect(readSettings({ NODE_NAME: name }).NODE_NAME).toBe(name);
      const host = `${name}.${set.spec.serviceName}.${namespace.namespace}.svc.cluster.local`;
      expect(server).toEqual({ name, host, port: Number(value('PORT')), sid: `${name}.`, cookie: name });
    }
  });

  onlyWith(it, 'haproxy')('have a balancer whose configuration HAProxy takes', () =>
    checkWithHaproxy(`${folder}/haproxy.cfg`),
  );

  it('give a pod time to send its clients away, and take one of them at a time', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(value('DRAIN_SECONDS')) + 10);
    expect(found('PodDisruptionBudget', 'parley').spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: set.spec.template.metadata.labels },
    });
    const balancer = found('Deployment', 'parley-balancer').spec;
    expect(balancer.strategy.rollingUpdate.maxUnavailable).toBe(0);
    const [haproxy] = balancer.template.spec.containers;
    const waits = Number(haproxy.lifecycle.preStop.exec.command[1]);
    const [, hardStop = ''] = /^ *hard-stop-after (\S+)$/m.exec(balancing) ?? [];
    expect(balancer.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(waits + seconds(hardStop));
  });

  it('mount what there is, and select what is labelled', () => {
    for (const workload of [set, found('Deployment', 'parley-balancer')]) {
      const { spec, metadata } = workload.spec.template;
      const volumes = spec.volumes.map(({ name }: Anything) => name).sort();
      expect(spec.containers[0].volumeMounts.map(({ name }: Anything) => name).sort()).toEqual(volumes);
      expect(metadata.labels).toMatchObject(workload.spec.selector.matchLabels);
    }
    const claims = all.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ metadata }) => metadata.name);
    for (const { persistentVolumeClaim } of pod.volumes)
      if (persistentVolumeClaim !== undefined) expect(claims).toContain(persistentVolumeClaim.claimName);
    const { resources, configMapGenerator } = parseYaml(read(`${folder}/kustomization.yaml`)) as Anything;
    expect(resources).toEqual(['servers.yaml', 'balancer.yaml']);
    expect(configMapGenerator).toEqual([{ name: 'balancer', files: ['haproxy.cfg'] }]);
    expect(read('Dockerfile')).toMatch(/DATA_DIR=\/data\b/);
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
  });

  it('reach the ports that are there', () => {
    const ports = new Map(container.ports.map(({ name, containerPort }: Anything) => [name, containerPort]));
    expect(ports.get('http')).toBe(Number(value('PORT')));
    const [haproxy] = found('Deployment', 'parley-balancer').spec.template.spec.containers;
    for (const { name, containerPort } of haproxy.ports) {
      expect(balancing).toMatch(new RegExp(`^ *bind :${containerPort}$`, 'm'));
      expect(['http', 'health']).toContain(name);
    }
    expect(found('Service', 'parley').spec.ports[0].targetPort).toBe('http');
  });

  describe('ask a server', () => {
    let story: Story;
    beforeAll(async () => {
      story = await startStory();
    });
    afterAll(() => story.close());

    it.each(['startupProbe', 'readinessProbe', 'livenessProbe'])('that answers its %s', async (name) => {
      const { path, port } = container[name].httpGet;
      expect(port).toBe('http');
      expect((await fetch(story.url + path)).status).toBe(200);
    });

    it('that answers the checks of the balancers', async () => {
      for (const configuration of [balancing, read('examples/balancer/compose.cfg')]) {
        const [, method, path] = /^ *option httpchk (\S+) (\S+)$/m.exec(configuration) ?? [];
        expect((await fetch(`${story.url}${path}`, { method: method ?? '' })).status).toBe(200);
      }
    });
  });
});
