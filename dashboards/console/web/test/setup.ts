// A canvas without pixels: widths are guessed from the number of letters.
HTMLCanvasElement.prototype.getContext = function getContext() {
  return { measureText: (text: string) => ({ width: text.length * 7 }), font: '' };
} as never;
