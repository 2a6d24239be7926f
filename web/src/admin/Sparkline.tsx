interface Properties {
  values: readonly number[];
  /** What is drawn, and how it stands, for who cannot see it. */
  label: string;
}

const WIDTH = 120;
const HEIGHT = 32;

/** A line from the oldest to the newest value; the scale begins at nothing. */
export function Sparkline({ values, label }: Properties) {
  const greatest = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  const yOf = (value: number): number => HEIGHT - 2 - (value / greatest) * (HEIGHT - 4);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${yOf(value).toFixed(1)}`).join(' ');
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} preserveAspectRatio="none">
      <polyline points={points} fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke" />
    </svg>
  );
}
