import type { ComponentChildren, InputHTMLAttributes } from 'preact';
import { useId, useState } from 'preact/hooks';
import { errorText, fieldFaults } from '../texts/error-text.js';
import { t } from '../texts/texts.js';

interface FieldProperties {
  label: string;
  name: string;
  type?: 'text' | 'email' | 'password';
  hint?: string;
  fault?: string | undefined;
  autocomplete?: string;
  minLength?: number;
  maxLength?: number;
  isOptional?: boolean;
  value?: string;
  inputMode?: 'numeric';
}

export function Field({
  label,
  name,
  type = 'text',
  hint,
  fault,
  isOptional = false,
  autocomplete,
  value,
  ...input
}: FieldProperties) {
  const note = useId();
  // Typed text is the field's own: drawn again with a fault beside it, it stays.
  const attributes = { type, defaultValue: value, ...input } as InputHTMLAttributes;
  const hasNote = hint !== undefined || fault !== undefined;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        name={name}
        required={!isOptional}
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={hasNote ? note : undefined}
        {...attributes}
      />
      {hasNote ? (
        <span id={note} class={fault === undefined ? 'soft small' : 'fault'}>
          {fault ?? hint}
        </span>
      ) : null}
    </label>
  );
}

interface FormProperties {
  submit: string;
  isDangerous?: boolean;
  /** One of several things that can be done here. */
  isQuiet?: boolean;
  fields: readonly string[];
  /** What was typed, by field. What it rejects with is shown, at the field where it belongs to one. */
  onSubmit: (values: Record<string, string>) => Promise<void>;
  children: (faults: Readonly<Record<string, string>>) => ComponentChildren;
}

export function Form({ submit, isDangerous = false, isQuiet = false, fields, onSubmit, children }: FormProperties) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const faults = fieldFaults(error);
  const isShownAtField = fields.some((field) => faults[field] !== undefined);
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const textOf = (field: string): string => {
      const value = given.get(field);
      return typeof value === 'string' ? value : '';
    };
    const values = Object.fromEntries(fields.map((field) => [field, textOf(field)]));
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(values);
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      {children(faults)}
      {error === undefined || isShownAtField ? null : (
        <p class="fault" role="alert">
          {errorText(error)}
        </p>
      )}
      <button class={isQuiet ? 'button' : isDangerous ? 'button primary danger' : 'button primary'} disabled={isBusy}>
        {isBusy ? t('session.wait') : submit}
      </button>
    </form>
  );
}
