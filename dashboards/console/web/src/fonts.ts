const folder = '/public/fonts/inter/';
const weights = { '400': 'Inter-Regular.woff2', '500': 'Inter-Medium.woff2', '600': 'Inter-SemiBold.woff2' };

/**
 * Declares the page's fonts and waits for them: texts are measured on a canvas before they are
 * drawn. Without them the page still works, in the system's fonts.
 */
export async function loadFonts(): Promise<void> {
  const style = document.createElement('style');
  style.textContent = Object.entries(weights)
    .map(([weight, file]) => `@font-face{font-family:Inter;font-weight:${weight};font-display:swap;src:url(${folder}${file}) format("woff2")}`)
    .join('\n');
  document.head.append(style);
  await Promise.all(Object.keys(weights).map((weight) => document.fonts.load(`${weight} 12px Inter`))).catch(() => undefined);
}
