import { useColorScheme } from 'react-native';

const light = {
  paper: '#fbfaf8',
  surface: '#ffffff',
  sunken: '#f3f1ed',
  ink: '#1d1c1a',
  soft: '#5c5751',
  line: '#e5e1da',
  accent: '#0d5c63',
  onAccent: '#ffffff',
  accentSoft: '#e0efee',
  own: '#d8ecea',
  badge: '#b3431c',
  onBadge: '#ffffff',
  danger: '#a8281e',
  dangerSoft: '#fbe9e6',
  online: '#2f8f5b',
  shade: 'rgba(20, 16, 10, 0.4)',
};

export type Colors = typeof light;

const dark: Colors = {
  paper: '#14181a',
  surface: '#1b2023',
  sunken: '#101416',
  ink: '#ebe8e3',
  soft: '#a9a69f',
  line: '#2b3236',
  accent: '#7fcbc6',
  onAccent: '#0c2426',
  accentSoft: '#1d3436',
  own: '#1f4346',
  badge: '#f0946a',
  onBadge: '#2a1208',
  danger: '#ff9d92',
  dangerSoft: '#3a211e',
  online: '#5fcf92',
  shade: 'rgba(0, 0, 0, 0.6)',
};

/** As the system is set, and changed with it. */
export function useColors(): Colors {
  return useColorScheme() === 'dark' ? dark : light;
}

export const SPACE = { s: 8, m: 12, l: 16, xl: 24 };
export const RADIUS = { s: 8, m: 14, l: 20 };
/** What a finger hits. */
export const TAP = 44;
