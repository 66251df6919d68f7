import { createTheme, type GrafanaTheme2 } from '@grafana/data';
import type { ColourMode } from './language';

/**
 * Series colours after Okabe and Ito (2008): told apart with every common kind of colour
 * blindness. Their yellow is left to the end because it is faint on white.
 */
const lightPalette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#7a6ccf', '#8c8c8c', '#b8a800'];

const darkPalette = ['#4aa5dc', '#e69f00', '#2bb98d', '#cc79a7', '#8fd0f5', '#ee7f35', '#a498ec', '#a6a6a6', '#d9c400'];

type Hue = 'red' | 'orange' | 'yellow' | 'green' | 'blue' | 'purple';

/** Grafana's colour names, moved to hues of the same palette, so that red and green stay apart. */
function hues(mode: ColourMode) {
  const shades: Record<Hue, [string, string, string, string, string]> = {
    // super-light, light, plain, semi-dark, dark
    red: ['#f6c9a8', '#ea9158', '#d55e00', '#b85000', '#963f00'],
    orange: ['#fae3b3', '#f2c45e', '#e69f00', '#c98a00', '#a06d00'],
    yellow: ['#f7efb0', '#ecdd6b', '#d9c400', '#b8a800', '#8f8200'],
    green: ['#b5e3d5', '#5fc3a5', '#009e73', '#00855f', '#00694b'],
    blue: ['#b8d9ee', '#56b4e9', '#0072b2', '#005f96', '#004a75'],
    purple: ['#efd3e2', '#dda5c4', '#cc79a7', '#b0588b', '#8c3f6c'],
  };
  if (mode === 'dark') {
    // On a dark ground the plain shade must be lighter to be read as text.
    shades.blue[2] = '#4aa5dc';
    shades.red[2] = '#ee7f35';
    shades.green[2] = '#2bb98d';
  }
  const names = ['super-light-', 'light-', '', 'semi-dark-', 'dark-'];
  return Object.entries(shades).map(([hue, colours]) => ({
    name: hue,
    shades: colours.map((color, i) => ({ color, name: `${names[i]}${hue}` })),
  }));
}

const light = {
  mode: 'light' as const,
  primary: { main: '#12658f', text: '#0e5577' },
  error: { main: '#b3470b', text: '#98390a' },
  success: { main: '#00855f', text: '#006b4d' },
  warning: { main: '#c98a00', text: '#7d5600' },
  text: { primary: '#1c2b36', secondary: '#4d5f6c', disabled: '#7e8d98', link: '#0e5577', maxContrast: '#000000' },
  background: { canvas: '#f3f6f8', page: '#f3f6f8', primary: '#ffffff', secondary: '#f3f6f8', elevated: '#ffffff' },
  border: { weak: '#dbe3e9', medium: '#bdcad3', strong: '#8fa1ae' },
};

const dark = {
  mode: 'dark' as const,
  primary: { main: '#3d93c4', text: '#7cc0e6' },
};

/** The theme of the console in light or dark colours. */
export function makeTheme(mode: ColourMode): GrafanaTheme2 {
  return createTheme({
    colors: mode === 'light' ? light : dark,
    shape: { borderRadius: 6 },
    visualization: { palette: mode === 'light' ? lightPalette : darkPalette, hues: hues(mode) as never },
  });
}
