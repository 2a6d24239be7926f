import { useConnection } from '@parley/client/react';
import { useEffect, useState } from 'react';
import { Pressable, ScrollView, type TextInputProps, View } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';
import { client } from '../chat/client';
import { serverUrl } from '../chat/server';
import { errorText, faultOf } from '../chat/words';
import { AboveKeyboard } from '../design/AboveKeyboard';
import { Button, Field, Notice, Words } from '../design/controls';
import { SPACE, useColors } from '../design/theme';
import { removePickedPictures } from '../messages/pictures';
import { enter, mailAnotherCode, NOTHING, type Step, type Values } from './enter';

const PLAIN: TextInputProps = { autoCapitalize: 'none', autoCorrect: false };
const LABELS: Record<Step, string> = { login: 'Log in', register: 'Create an account', code: 'Go on' };

const NEEDED: Record<Step, readonly (keyof Values)[]> = {
  login: ['name', 'password'],
  register: ['username', 'email', 'password'],
  code: ['otp'],
};

/** Nobody is logged in: never was, logged out, or the session was ended elsewhere. */
export function LoginScreen() {
  const { code } = useConnection();
  const { accent } = useColors();
  const { top } = useSafeAreaInsets();
  const [step, setStep] = useState<Step>('login');
  const [values, setValues] = useState(NOTHING);
  const [mailedTo, setMailedTo] = useState('');
  const [error, setError] = useState<unknown>();
  const [isMailedAgain, setMailedAgain] = useState(false);
  const [isBusy, setBusy] = useState(false);
  // The log-out that follows has no code.
  const [isDeleted, setDeleted] = useState(false);
  useEffect(() => {
    if (code !== 'ACCOUNT_DELETED') return;
    setDeleted(true);
    // Nobody can log in to what is stored here any more.
    void client
      .logout()
      .catch(() => undefined)
      .then(removePickedPictures);
  }, [code]);

  const field = (name: keyof Values) => ({
    value: values[name],
    onChangeText: (text: string) => setValues((held) => ({ ...held, [name]: text })),
    fault: faultOf(error, name),
  });
  const show = (next: Step): void => {
    setError(undefined);
    setStep(next);
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setError(undefined);
    setBusy(true);
    await work().catch(setError);
    setBusy(false);
  };
  const submit = (): Promise<void> =>
    attempt(async () => {
      const email = await enter(step, values, mailedTo);
      if (email === undefined) return;
      setMailedTo(email);
      setMailedAgain(false);
      show('code');
    });
  const mailAgain = (): Promise<void> =>
    attempt(async () => {
      await mailAnotherCode(mailedTo);
      setMailedAgain(true);
    });

  const notice = isDeleted ? 'This account was deleted.' : endedText(code);
  const needed = NEEDED[step];
  const isFilled = needed.every((name) => values[name].trim() !== '');
  const isShownAtField = Object.keys(values).some((name) => faultOf(error, name) !== undefined);
  const password = (
    <Field
      label="Password"
      secureTextEntry
      autoComplete={step === 'login' ? 'current-password' : 'new-password'}
      placeholder={step === 'login' ? '' : 'At least 8 characters'}
      onSubmitEditing={() => void (isFilled && submit())}
      {...field('password')}
    />
  );
  return (
    <AboveKeyboard>
      <ScrollView
        keyboardShouldPersistTaps="handled"
        contentContainerStyle={{ flexGrow: 1, justifyContent: 'center', padding: SPACE.xl, paddingTop: SPACE.xl + top }}
      >
        <View style={{ width: '100%', maxWidth: 420, alignSelf: 'center', gap: SPACE.l }}>
          <Words role="heading" style={{ fontSize: 32, fontWeight: '700' }}>
            Talk to your people.
          </Words>
          {notice === undefined ? null : <Notice>{notice}</Notice>}
          {step === 'code' ? (
            <>
              <Words kind="soft" role="status">
                {isMailedAgain
                  ? `Another code is on its way to ${mailedTo}.`
                  : `Enter the code that was mailed to ${mailedTo}.`}
              </Words>
              <Field label="Code" keyboardType="number-pad" autoComplete="one-time-code" {...field('otp')} />
            </>
          ) : step === 'register' ? (
            <>
              <Field label="Your name" autoComplete="name" {...field('displayName')} />
              <Field label="Username" {...PLAIN} autoComplete="username-new" {...field('username')} />
              <Field label="E-mail" {...PLAIN} keyboardType="email-address" autoComplete="email" {...field('email')} />
              {password}
            </>
          ) : (
            <>
              <Field label="E-mail or username" {...PLAIN} autoComplete="username" {...field('name')} />
              {password}
            </>
          )}
          {error === undefined || isShownAtField ? null : <Notice kind="danger">{errorText(error)}</Notice>}
          <Button
            kind="primary"
            label={isBusy ? 'One moment …' : LABELS[step]}
            isDisabled={isBusy || !isFilled}
            onPress={() => void submit()}
          />
          {step === 'code' ? (
            <Button label="Mail another code" isDisabled={isBusy} onPress={() => void mailAgain()} />
          ) : null}
          <Pressable role="button" hitSlop={12} onPress={() => show(step === 'login' ? 'register' : 'login')}>
            <Words kind="soft" style={{ color: accent, textAlign: 'center' }}>
              {step === 'login' ? 'New here? Create an account' : 'You have an account? Log in'}
            </Words>
          </Pressable>
          <Words kind="small" style={{ textAlign: 'center' }}>
            Server: {serverUrl}
          </Words>
        </View>
      </ScrollView>
    </AboveKeyboard>
  );
}

/** A user who has logged out, here or in another tab, knows it. */
function endedText(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (code === 'STORAGE') return 'This device keeps no data for the app. Make room, then start it again.';
  // In another tab, which has removed what was here, or everywhere, which has not.
  if (code === 'LOGGED_OUT') return 'Your session has ended. Log in again.';
  return 'Your session has ended. Log in again: what you had not sent yet is still here.';
}
