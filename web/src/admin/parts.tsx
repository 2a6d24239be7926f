import type { ComponentChild, ComponentChildren } from 'preact';
import { copy } from '../app/copy.js';
import { AnyIcon } from '../design/more-icons.js';
import { LoadMore } from '../design/LoadMore.js';
import { fullTimeOf, t } from '../texts/texts.js';
import type { List } from './lists.js';
import { linkOf, type Section } from './section.js';

interface HeadProperties {
  title: string;
  /** Where this is one thing of many. */
  above?: Section;
  children?: ComponentChildren;
}

export function Head({ title, above, children }: HeadProperties) {
  return (
    <header class="admin-head">
      {above === undefined ? null : (
        <a class="icon-button" href={linkOf(above)} aria-label={t('app.back')} title={t('app.back')}>
          <AnyIcon name="back" />
        </a>
      )}
      <h1 tabIndex={-1} class="grow pane-title" dir="auto">
        {title}
      </h1>
      {children}
    </header>
  );
}

interface ListProperties<Item> {
  list: List<Item>;
  label: string;
  /** What is said where there is nothing. */
  none: string;
  children: (item: Item) => ComponentChild;
}

export function ListOf<Item>({ list, label, none, children }: ListProperties<Item>) {
  if (list.fault !== undefined) return <Fault text={list.fault} onRetry={list.reload} />;
  if (list.items === undefined) return <p class="soft">{t('admin.loading')}</p>;
  if (list.items.length === 0) return <p class="soft card padded">{none}</p>;
  return (
    <>
      <ul class="card" aria-label={label}>
        {list.items.map(children)}
      </ul>
      {list.hasMore ? <LoadMore onLoad={list.loadMore} /> : null}
    </>
  );
}

export function Fault({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div class="card padded row wrap" role="alert">
      <p class="fault grow">{text}</p>
      <button type="button" class="button small" onClick={onRetry}>
        {t('app.retry')}
      </button>
    </div>
  );
}

/** Names and values, side by side. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ComponentChild])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt class="soft small">{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Time({ at, none = '–' }: { at: string | null | undefined; none?: string }) {
  return at == null ? <>{none}</> : <time dateTime={at}>{fullTimeOf(at)}</time>;
}

interface SelectProperties {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

export function Select({ label, value, options, onChange }: SelectProperties) {
  return (
    <label class="field">
      <span>{label}</span>
      <select class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Something that can be read once, or is long: selectable, and copied with a button. */
export function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <span class="row copyable">
      <code class="grow" aria-label={label}>
        {text}
      </code>
      <button
        type="button"
        class="icon-button"
        aria-label={t('admin.copy')}
        title={t('admin.copy')}
        onClick={() => void copy(text)}
      >
        <AnyIcon name="copy" />
      </button>
    </span>
  );
}
