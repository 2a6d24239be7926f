import { useEffect, useState } from 'preact/hooks';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { has, t } from '../texts/texts.js';
import { Facts, Fault, Head } from './parts.js';
import { Sparkline } from './Sparkline.js';

const INTERVAL_MS = 5_000;
const MAX_SAMPLES = 60;
const COUNT = new Intl.NumberFormat();

interface Health {
  status: string;
  checks: Readonly<Record<string, string>>;
}

interface Sample {
  health: Health;
  stats: Readonly<Record<string, number>>;
}

/** 503 is an answer, too: it says what is down. */
async function health(): Promise<Health> {
  const response = await fetch('/health/ready', { headers: { accept: 'application/json' } });
  const body = (await response.json()) as Partial<Health>;
  return { status: body.status ?? 'error', checks: body.checks ?? {} };
}

async function sample(): Promise<Sample> {
  const [ready, { body }] = await Promise.all([
    health(),
    client.http.request<Readonly<Record<string, unknown>>>('/admin/stats'),
  ]);
  const stats = Object.entries(body).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return { health: ready, stats: Object.fromEntries(stats) };
}

/** How the server is, and how its numbers moved while this was looked at. */
export function ServerPage() {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [fault, setFault] = useState<string>();
  const take = async (): Promise<void> => {
    try {
      const next = await sample();
      setFault(undefined);
      setSamples((before) => [...before, next].slice(-MAX_SAMPLES));
    } catch (error) {
      setFault(errorText(error));
    }
  };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isShown = true;
    const next = async (): Promise<void> => {
      if (document.visibilityState === 'visible') await take();
      if (isShown) timer = setTimeout(() => void next(), INTERVAL_MS);
    };
    void next();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, []);
  const latest = samples.at(-1);
  return (
    <>
      <Head title={t('admin.server')} />
      {fault === undefined ? null : <Fault text={fault} onRetry={() => void take()} />}
      {latest === undefined ? (
        <p class="soft">{t('admin.loading')}</p>
      ) : (
        <>
          <div class="card padded">
            <Facts
              facts={[
                [t('admin.health'), <Condition key="status" value={latest.health.status} />],
                ...Object.entries(latest.health.checks).map(
                  ([name, value]) => [labelOf(name), <Condition key={name} value={value} />] as const,
                ),
              ]}
            />
          </div>
          <ul class="numbers">
            {Object.entries(latest.stats).map(([name, value]) => (
              <li key={name} class="card padded stack-tight">
                <span class="soft small">{labelOf(name)}</span>
                <strong class="number">{COUNT.format(value)}</strong>
                <Sparkline
                  values={samples.map(({ stats }) => stats[name] ?? 0)}
                  label={t('admin.course', { name: labelOf(name), value: COUNT.format(value) })}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Condition({ value }: { value: string }) {
  const isGood = value === 'ok' || value === 'up';
  return <span class={isGood ? 'tag good' : 'tag bad'}>{value}</span>;
}

function labelOf(name: string): string {
  const text = `admin.stat.${name}`;
  return has(text) ? t(text) : name;
}
