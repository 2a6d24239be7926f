import { t } from '../texts/texts.js';
import { Field } from './form.js';

interface Properties {
  fault?: string | undefined;
  hint?: string;
}

export function EmailField(properties: Properties) {
  return (
    <Field label={t('session.email')} name="email" type="email" autocomplete="email" maxLength={254} {...properties} />
  );
}

/** The code that was mailed. */
export function CodeField({ fault }: Properties) {
  return (
    <Field
      label={t('session.code')}
      name="otp"
      autocomplete="one-time-code"
      inputMode="numeric"
      maxLength={12}
      fault={fault}
    />
  );
}

interface PasswordProperties extends Properties {
  label: string;
  name: string;
}

export function NewPasswordField({ label, name, fault }: PasswordProperties) {
  return (
    <Field
      label={label}
      name={name}
      type="password"
      autocomplete="new-password"
      minLength={8}
      maxLength={128}
      hint={t('session.passwordHint')}
      fault={fault}
    />
  );
}

export function CurrentPasswordField({ label, name, fault }: PasswordProperties) {
  return (
    <Field label={label} name={name} type="password" autocomplete="current-password" maxLength={128} fault={fault} />
  );
}
