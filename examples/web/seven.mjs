// seven.mjs: bytes as text that stands in a script of an HTML page as it is: seven bits a character, where base64 has six.
// A character that HTML or JavaScript would not leave alone shares a character of two bytes with the next one.
const TROUBLE = [0, 10, 13, 34, 60, 92]; // NUL, line ends, ", <, \

export function toText(bytes) {
  const sevens = [];
  let bits = 0, n = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (n += 8; n >= 7; ) sevens.push((bits >> (n -= 7)) & 127);
    bits &= 127;
  }
  if (n) sevens.push((bits << (7 - n)) & 127);
  let text = '';
  for (let i = 0; i < sevens.length; i++) {
    const place = TROUBLE.indexOf(sevens[i]);
    text += String.fromCharCode(place < 0 ? sevens[i] : ((place + 1) << 7) | (sevens[++i] ?? 0));
  }
  return text;
}

// The way back, to `size` bytes. It goes into the page as it stands here.
export function toBytes(text, size) {
  const TROUBLE = [0, 10, 13, 34, 60, 92], out = [];
  let bits = 0, n = 0;
  const take = (seven) => {
    bits = ((bits << 7) | seven) & 0x7fff;
    if ((n += 7) >= 8) out.push((bits >> (n -= 8)) & 255);
  };
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) take(TROUBLE[(c >> 7) - 1]);
    take(c & 127);
  }
  return Uint8Array.from(out.slice(0, size));
}
