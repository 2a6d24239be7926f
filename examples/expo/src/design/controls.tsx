import Ionicons from '@expo/vector-icons/Ionicons';
import type { ComponentProps, ReactNode } from 'react';
import {
  Pressable,
  type StyleProp,
  Text,
  TextInput,
  type TextInputProps,
  type TextProps,
  type TextStyle,
  View,
} from 'react-native';
import { RADIUS, SPACE, TAP, useColors } from './theme';

export type IconName = ComponentProps<typeof Ionicons>['name'];

interface WordsProperties extends TextProps {
  kind?: 'body' | 'soft' | 'small' | 'title' | 'strong';
}

const SIZES = { body: 16, soft: 15, small: 13, title: 20, strong: 16 };

export function Words({ kind = 'body', style, ...rest }: WordsProperties) {
  const { ink, soft } = useColors();
  const color = kind === 'soft' || kind === 'small' ? soft : ink;
  const fontWeight = kind === 'title' || kind === 'strong' ? '600' : '400';
  return <Text {...rest} style={[{ color, fontSize: SIZES[kind], fontWeight }, style]} />;
}

interface ButtonProperties {
  label: string;
  onPress: () => void;
  kind?: 'primary' | 'plain' | 'danger';
  isDisabled?: boolean;
}

export function Button({ label, onPress, kind = 'plain', isDisabled = false }: ButtonProperties) {
  const { accent, onAccent, accentSoft, danger, dangerSoft } = useColors();
  const [background, color] =
    kind === 'primary' ? [accent, onAccent] : kind === 'danger' ? [dangerSoft, danger] : [accentSoft, accent];
  return (
    <Pressable
      role="button"
      aria-disabled={isDisabled}
      disabled={isDisabled}
      onPress={onPress}
      style={({ pressed }) => ({
        minHeight: TAP,
        paddingHorizontal: SPACE.l,
        borderRadius: RADIUS.m,
        alignItems: 'center',
        justifyContent: 'center',
        backgroundColor: background,
        opacity: isDisabled ? 0.5 : pressed ? 0.7 : 1,
      })}
    >
      <Text style={{ color, fontSize: 16, fontWeight: '600' }}>{label}</Text>
    </Pressable>
  );
}

interface IconButtonProperties {
  icon: IconName;
  label: string;
  onPress: () => void;
  isDisabled?: boolean;
  color?: string;
}

export function IconButton({ icon, label, onPress, isDisabled = false, color }: IconButtonProperties) {
  const { accent } = useColors();
  return (
    <Pressable
      role="button"
      aria-label={label}
      aria-disabled={isDisabled}
      disabled={isDisabled}
      onPress={onPress}
      style={({ pressed }) => ({
        width: TAP,
        height: TAP,
        alignItems: 'center',
        justifyContent: 'center',
        opacity: isDisabled ? 0.35 : pressed ? 0.5 : 1,
      })}
    >
      <Ionicons name={icon} size={24} color={color ?? accent} />
    </Pressable>
  );
}

interface FieldProperties extends TextInputProps {
  label: string;
  fault?: string | undefined;
}

export function Field({ label, fault, ...rest }: FieldProperties) {
  const { accent, ink, soft, surface, line, danger } = useColors();
  return (
    <View style={{ gap: 4 }}>
      <Words kind="small">{label}</Words>
      <TextInput
        aria-label={label}
        placeholderTextColor={soft}
        {...rest}
        style={{
          minHeight: TAP,
          paddingHorizontal: SPACE.m,
          borderRadius: RADIUS.m,
          borderWidth: 1,
          borderColor: fault === undefined ? line : danger,
          backgroundColor: surface,
          color: ink,
          fontSize: 16,
          outlineColor: accent,
        }}
      />
      {fault === undefined ? null : (
        <Words kind="small" role="alert" style={{ color: danger }}>
          {fault}
        </Words>
      )}
    </View>
  );
}

interface BadgeProperties {
  count: number;
  /** Of a conversation that is muted. */
  isQuiet?: boolean;
  style?: StyleProp<TextStyle>;
}

export function Badge({ count, isQuiet = false, style }: BadgeProperties) {
  const { badge, onBadge, soft, paper } = useColors();
  return (
    <Text
      aria-hidden
      style={[
        {
          minWidth: 22,
          paddingHorizontal: 6,
          borderRadius: 11,
          overflow: 'hidden',
          textAlign: 'center',
          fontSize: 13,
          fontWeight: '600',
          lineHeight: 22,
          backgroundColor: isQuiet ? soft : badge,
          color: isQuiet ? paper : onBadge,
        },
        style,
      ]}
    >
      {count > 999 ? '999+' : count}
    </Text>
  );
}

/** Says something above what it is about. */
export function Notice({ children, kind = 'plain' }: { children: ReactNode; kind?: 'plain' | 'danger' }) {
  const { accentSoft, dangerSoft, danger, ink } = useColors();
  return (
    <Text
      role={kind === 'danger' ? 'alert' : 'status'}
      style={{
        padding: SPACE.m,
        borderRadius: RADIUS.m,
        overflow: 'hidden',
        fontSize: 15,
        color: kind === 'danger' ? danger : ink,
        backgroundColor: kind === 'danger' ? dangerSoft : accentSoft,
      }}
    >
      {children}
    </Text>
  );
}

/** A place with nothing in it says what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <View style={{ padding: SPACE.xl, gap: SPACE.m, alignItems: 'center' }}>
      <Words kind="title" style={{ textAlign: 'center' }}>
        {title}
      </Words>
      {children === undefined ? null : (
        <Words kind="soft" style={{ textAlign: 'center' }}>
          {children}
        </Words>
      )}
      {action}
    </View>
  );
}
