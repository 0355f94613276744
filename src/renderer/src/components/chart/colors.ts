/** Colours of the design tokens in a form that a canvas and chart.js understand. */

const known = new Map<string, string>();
let knownTheme: string | undefined;

/** sRGB bytes of any CSS colour, by painting one pixel with it. */
function paint(color: string): Uint8ClampedArray {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return new Uint8ClampedArray([128, 128, 128, 255]);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** What `var(--token)` is in the theme that is shown. */
function computed(color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/**
 * A colour for a canvas.
 *
 * @param color CSS colour or variable
 * @param alpha in [0, 1]
 */
export function canvasColor(color: string, alpha = 1): string {
  const theme = document.documentElement.dataset['theme'];
  if (theme !== knownTheme) known.clear();
  knownTheme = theme;
  let rgb = known.get(color);
  if (rgb === undefined) {
    const [red, green, blue] = paint(computed(color));
    rgb = `${red}, ${green}, ${blue}`;
    known.set(color, rgb);
  }
  return `rgba(${rgb}, ${alpha})`;
}
