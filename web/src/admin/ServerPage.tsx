import { useEffect, useState } from 'preact/hooks';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { has, sizeOf, t } from '../texts/texts.js';
import { Facts, Fault, Head } from './parts.js';
import { Sparkline } from './Sparkline.js';

/** The server counts at most so often. */
const INTERVAL_MS = 30_000;
const COUNT = new Intl.NumberFormat();
const DAILY = ['newUsers', 'reports'] as const;

interface Health {
  status: string;
  checks: Readonly<Record<string, string>>;
}

interface Stats extends Readonly<Record<string, unknown>> {
  days: readonly { day: string; newUsers: number; reports: number }[];
}

/** 503 is an answer, too: it says what is down. */
async function readHealth(): Promise<Health> {
  const response = await fetch('/health/ready', { headers: { accept: 'application/json' } });
  const body = (await response.json()) as Partial<Health>;
  return { status: body.status ?? 'error', checks: body.checks ?? {} };
}

/** How the server is, in words and numbers. */
export function ServerPage() {
  const [health, setHealth] = useState<Health>();
  const [stats, setStats] = useState<Stats>();
  const [fault, setFault] = useState<string>();
  const read = async (): Promise<void> => {
    try {
      setHealth(await readHealth());
      setStats((await client.http.request<Stats>('/admin/stats')).body);
      setFault(undefined);
    } catch (error) {
      setFault(errorText(error));
    }
  };
  useEffect(() => {
    void read();
    const timer = setInterval(() => document.visibilityState === 'visible' && void read(), INTERVAL_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <Head title={t('admin.server')} />
      {fault === undefined ? null : <Fault text={fault} onRetry={() => void read()} />}
      {health === undefined ? null : (
        <section class="section">
          <h2>{t('admin.health')}</h2>
          <div class="card padded">
            <Facts
              facts={[
                [t('admin.state'), <Condition key="status" value={health.status} />],
                ...Object.entries(health.checks).map(
                  ([name, value]) => [labelOf(name), <Condition key={name} value={value} />] as const,
                ),
              ]}
            />
          </div>
        </section>
      )}
      {stats === undefined ? null : <Numbers stats={stats} />}
    </>
  );
}

function Numbers({ stats }: { stats: Stats }) {
  const counts = Object.entries(stats).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return (
    <>
      <section class="section">
        <h2>{t('admin.days30')}</h2>
        <ul class="numbers wide">
          {DAILY.map((name) => {
            const values = stats.days.map((day) => day[name]);
            const sum = COUNT.format(values.reduce((total, value) => total + value, 0));
            const last = COUNT.format(values.at(-1) ?? 0);
            return (
              <li key={name} class="card padded stack-tight">
                <span class="soft small">{labelOf(name)}</span>
                <strong class="number">{sum}</strong>
                <Sparkline values={values} label={t('admin.course', { name: labelOf(name), sum, last })} />
              </li>
            );
          })}
        </ul>
      </section>
      <section class="section">
        <h2>{t('admin.numbers')}</h2>
        <ul class="numbers">
          {counts.map(([name, value]) => (
            <li key={name} class="card padded stack-tight">
              <span class="soft small">{labelOf(name)}</span>
              <strong class="number">
                {name.endsWith('Bytes') && value > 0 ? sizeOf(value) : COUNT.format(value)}
              </strong>
            </li>
          ))}
        </ul>
      </section>
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
