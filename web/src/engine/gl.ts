// gl.ts - draws the lists with WebGL 2: each list is one buffer and one instanced call.
//
// Rectangles are signed distances with a pixel's width of smoothing; curves are strips bent in the vertex shader; texts
// and marks are quads from the glyph atlas. The lists go to the graphics card as they lie in the engine's memory.
import { Atlas, type Glyph, pieces } from './atlas';
import type { Screen } from './screen';
import { TextFlag, type Texts } from './text';
import type { Camera } from './types';
import { CURVE, type Engine, type Lists, MARK, RECT, TEXT } from './wasm';

const HEAD = '#version 300 es\nprecision highp float;\nprecision highp int;\n';
const COLOR = `
vec4 rgba(uint c) { return vec4(c >> 24u, (c >> 16u) & 255u, (c >> 8u) & 255u, c & 255u) / 255.0; }
vec4 premultiplied(vec4 c) { return vec4(c.rgb * c.a, c.a); }
`;

const RECT_VERTEX = `${HEAD}${COLOR}
uniform vec2 size;
uniform float ratio;
layout(location = 0) in vec4 box;
layout(location = 1) in uvec2 colors;
layout(location = 2) in vec2 edge;
out vec2 at;
flat out vec2 extent;
flat out vec2 rounding;
flat out vec4 fill;
flat out vec4 stroke;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  extent = box.zw * 0.5 * ratio;
  at = (corner * 2.0 - 1.0) * (extent + 1.0);
  vec2 p = (box.xy + box.zw * 0.5) * ratio + at;
  gl_Position = vec4(p / (size * ratio) * 2.0 - 1.0, 0, 1) * vec4(1, -1, 1, 1);
  rounding = vec2(min(edge.x * ratio, min(extent.x, extent.y)), edge.y * ratio);
  fill = premultiplied(rgba(colors.x));
  stroke = premultiplied(rgba(colors.y));
}`;
const RECT_FRAGMENT = `${HEAD}
in vec2 at;
flat in vec2 extent;
flat in vec2 rounding;
flat in vec4 fill;
flat in vec4 stroke;
out vec4 color;
void main() {
  vec2 q = abs(at) - extent + rounding.x;
  float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - rounding.x;
  float shape = clamp(0.5 - d, 0.0, 1.0);
  float inner = clamp(0.5 - (d + rounding.y), 0.0, 1.0);
  vec4 c = rounding.y > 0.0 && stroke.a > 0.0 ? stroke * (1.0 - inner) + fill * inner : fill;
  color = c * shape;
}`;

/** Steps of a curve; straight ones collapse to their ends. */
const STEPS = 14;
const CURVE_VERTEX = `${HEAD}${COLOR}
uniform vec2 size;
uniform float ratio;
layout(location = 0) in vec4 start;
layout(location = 1) in vec4 finish;
layout(location = 2) in uint rgb;
layout(location = 3) in float width;
layout(location = 4) in uint straight;
out float side;
flat out float reach;
flat out vec4 ink;
void main() {
  float t = float(gl_VertexID >> 1) / float(${STEPS});
  vec2 a = start.xy, b = start.zw, c = finish.xy, d = finish.zw, p, along;
  if (straight != 0u) {
    p = mix(a, d, t);
    along = d - a;
  } else {
    float u = 1.0 - t;
    p = u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
    along = u * u * (b - a) + 2.0 * u * t * (c - b) + t * t * (d - c);
    if (dot(along, along) < 1e-6) along = d - a;
  }
  float len = max(length(along), 1e-6);
  vec2 normal = vec2(-along.y, along.x) / len;
  reach = max(width * ratio * 0.5, 0.5);
  side = (float(gl_VertexID & 1) * 2.0 - 1.0) * (reach + 1.0);
  p = p * ratio + normal * side;
  gl_Position = vec4(p / (size * ratio) * 2.0 - 1.0, 0, 1) * vec4(1, -1, 1, 1);
  vec4 k = rgba(rgb);
  k.a *= min(width * ratio, 1.0);
  ink = premultiplied(k);
}`;
const CURVE_FRAGMENT = `${HEAD}
in float side;
flat in float reach;
flat in vec4 ink;
out vec4 color;
void main() { color = ink * clamp(reach + 0.5 - abs(side), 0.0, 1.0); }`;

/** Floats and one colour per glyph: left, top, width, height on the screen in device pixels; the same in the texture. */
const GLYPH = 10;
const GLYPH_VERTEX = `${HEAD}${COLOR}
uniform vec2 size;
uniform float ratio;
uniform float side;
layout(location = 0) in vec4 box;
layout(location = 1) in vec4 from;
layout(location = 2) in uint rgb;
layout(location = 3) in float whole;
out vec2 uv;
flat out vec4 ink;
flat out float colored;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 p = box.xy + corner * box.zw;
  gl_Position = vec4(p / (size * ratio) * 2.0 - 1.0, 0, 1) * vec4(1, -1, 1, 1);
  uv = (from.xy + corner * from.zw) / side;
  ink = premultiplied(rgba(rgb));
  colored = whole;
}`;
const GLYPH_FRAGMENT = `${HEAD}
uniform sampler2D atlas;
in vec2 uv;
flat in vec4 ink;
flat in float colored;
out vec4 color;
void main() {
  vec4 t = texture(atlas, uv);
  color = colored > 0.5 ? t * ink.a : ink * t.a;
}`;

interface Column {
  words: number;
  integer?: boolean;
}

class Pipeline {
  readonly program: WebGLProgram;
  private readonly array: WebGLVertexArrayObject;
  private readonly buffer: WebGLBuffer;
  private readonly uniforms: Map<string, WebGLUniformLocation | null>;
  private capacity = 0;

  constructor(private readonly gl: WebGL2RenderingContext, vertex: string, fragment: string, private readonly words: number,
    columns: Column[], private readonly mode: number, private readonly vertices: number) {
    const program = (this.program = gl.createProgram());
    for (const [type, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(type)!;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(`WebGL refuses a shader: ${gl.getProgramInfoLog(program)}`);
    this.uniforms = new Map(['size', 'ratio', 'side', 'atlas'].map((u) => [u, gl.getUniformLocation(program, u)]));
    this.array = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    let at = 0;
    columns.forEach((c, i) => {
      gl.enableVertexAttribArray(i);
      if (c.integer) gl.vertexAttribIPointer(i, c.words, gl.UNSIGNED_INT, words * 4, at * 4);
      else gl.vertexAttribPointer(i, c.words, gl.FLOAT, false, words * 4, at * 4);
      gl.vertexAttribDivisor(i, 1);
      at += c.words;
    });
  }

  draw(data: Uint32Array, w: number, h: number, ratio: number): void {
    const gl = this.gl, n = data.length / this.words;
    if (!n) return;
    gl.useProgram(this.program);
    gl.uniform2f(this.uniforms.get('size')!, w, h);
    gl.uniform1f(this.uniforms.get('ratio')!, ratio);
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    if (data.byteLength > this.capacity) this.capacity = Math.ceil(data.byteLength * 1.5);
    gl.bufferData(gl.ARRAY_BUFFER, this.capacity, gl.STREAM_DRAW);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
    gl.drawArraysInstanced(this.mode, 0, this.vertices, n);
  }
  set(uniform: string, value: number, integer = false): void {
    this.gl.useProgram(this.program);
    if (integer) this.gl.uniform1i(this.uniforms.get(uniform)!, value);
    else this.gl.uniform1f(this.uniforms.get(uniform)!, value);
  }
}

/** Growing list of glyph quads. */
class Quads {
  u32 = new Uint32Array(GLYPH * 1024);
  f32 = new Float32Array(this.u32.buffer);
  n = 0;

  add(g: Glyph, x: number, y: number, sx: number, sy: number, color: number): void {
    if ((this.n + 1) * GLYPH > this.u32.length) {
      const old = this.u32;
      this.u32 = new Uint32Array(old.length * 2);
      this.u32.set(old);
      this.f32 = new Float32Array(this.u32.buffer);
    }
    const at = this.n++ * GLYPH;
    this.f32.set([x + g.dx * sx, y + g.dy * sy, g.w * sx, g.h * sy, g.x, g.y, g.w, g.h], at);
    this.u32[at + 8] = color;
    this.f32[at + 9] = g.color ? 1 : 0;
  }
  get words(): Uint32Array {
    return this.u32.subarray(0, this.n * GLYPH);
  }
}

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export class GlScreen implements Screen {
  readonly kind = 'webgl';
  background = 0xffffffff;
  private w = 1;
  private h = 1;
  private ratio = 1;
  private readonly atlas = new Atlas();
  private rects!: Pipeline;
  private curves!: Pipeline;
  private glyphs!: Pipeline;
  private readonly pieceCache = new Map<string, string[]>();

  /** Whether WebGL 2 is there, and (unless `anyhow`) is more than an emulation on the processor. */
  static usable(anyhow: boolean): boolean {
    try {
      const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
      if (!gl) return false;
      const info = gl.getExtension('WEBGL_debug_renderer_info');
      const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
      gl.getExtension('WEBGL_lose_context')?.loseContext();
      return anyhow || !SOFTWARE.test(name);
    } catch {
      return false;
    }
  }
  static make(canvas: OffscreenCanvas, engine: Engine, texts: Texts, redraw: () => void): GlScreen | null {
    const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, stencil: false });
    return gl && new GlScreen(canvas, gl, engine, texts, redraw);
  }

  private constructor(private readonly canvas: OffscreenCanvas, private readonly gl: WebGL2RenderingContext,
    private readonly engine: Engine, private readonly texts: Texts, redraw: () => void) {
    this.init();
    canvas.addEventListener('webglcontextlost', (e) => e.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      this.init();
      redraw();
    });
  }

  private init(): void {
    const gl = this.gl;
    this.rects = new Pipeline(gl, RECT_VERTEX, RECT_FRAGMENT, RECT, [{ words: 4 }, { words: 2, integer: true }, { words: 2 }],
      gl.TRIANGLE_STRIP, 4);
    this.curves = new Pipeline(gl, CURVE_VERTEX, CURVE_FRAGMENT, CURVE,
      [{ words: 4 }, { words: 4 }, { words: 1, integer: true }, { words: 1 }, { words: 1, integer: true }],
      gl.TRIANGLE_STRIP, 2 * (STEPS + 1));
    this.glyphs = new Pipeline(gl, GLYPH_VERTEX, GLYPH_FRAGMENT, GLYPH,
      [{ words: 4 }, { words: 4 }, { words: 1, integer: true }, { words: 1 }], gl.TRIANGLE_STRIP, 4);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, this.atlas.size, this.atlas.size);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    this.glyphs.set('side', this.atlas.size);
    this.glyphs.set('atlas', 0, true);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.atlas.clear();
  }

  resize(width: number, height: number, ratio: number): void {
    this.w = width;
    this.h = height;
    this.ratio = ratio;
    this.canvas.width = Math.max(Math.round(width * ratio), 1);
    this.canvas.height = Math.max(Math.round(height * ratio), 1);
  }

  private upload(): void {
    const { from, to } = this.atlas.changed, gl = this.gl;
    if (from >= to) return;
    const image = this.atlas.context.getImageData(0, from, this.atlas.size, to - from);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, from, this.atlas.size, to - from, gl.RGBA, gl.UNSIGNED_BYTE, image.data);
    this.atlas.changed = { from: this.atlas.size, to: 0 };
  }

  private cut(text: string): string[] {
    let p = this.pieceCache.get(text);
    if (!p) {
      if (this.pieceCache.size > 20000) this.pieceCache.clear();
      this.pieceCache.set(text, (p = pieces(text)));
    }
    return p;
  }

  private addMarks(l: Lists, from: number, to: number, out: Quads): void {
    for (let i = from; i < to; i++) {
      const at = l.marks + i * MARK, size = l.f32[at + 2]! * this.ratio, px = Math.max(Math.round(size), 3);
      const g = this.atlas.mark(l.u32[at + 4]!, px);
      if (g) out.add(g, l.f32[at]! * this.ratio, l.f32[at + 1]! * this.ratio, size / px, size / px, l.u32[at + 3]!);
    }
  }

  /** Quads of texts; their plates are rectangles. False when the atlas is full. */
  private addTexts(l: Lists, out: Quads, plates: number[]): boolean {
    const k = this.ratio;
    for (let i = 0; i < l.nTexts; i++) {
      const at = l.texts + i * TEXT, size = l.f32[at + 2]!, flags = l.u32[at + 5]!, color = l.u32[at + 4]!;
      const fitted = this.texts.fit(l.u32[at + 6]!, l.u32[at + 7]!, flags, l.f32[at + 3]! / size);
      if (!fitted.text) continue;
      const width = fitted.width * size * fitted.squeeze, middle = l.f32[at + 1]!;
      const x = l.f32[at]! - (flags & TextFlag.Center ? width / 2 : flags & TextFlag.Right ? width : 0);
      if (flags & TextFlag.Plate) plates.push(x - size * 0.25, middle - size * 0.6, width + size * 0.5, size * 1.2);
      // Glyphs are made in whole pixels up to a size, then in steps; what is between is scaled by a few hundredths.
      const exact = size * k, px = exact <= 48 ? Math.max(Math.round(exact), 4) : Math.min(Math.round(exact / 8) * 8, 160);
      const scale = exact / px, sx = scale * fitted.squeeze;
      let pen = Math.round(x * k), n = 0;
      const base = Math.round((middle + size * 0.35) * k), bold = (flags & TextFlag.Bold) !== 0;
      const pale = ((color & 0xffffff00) | Math.round((color & 255) * 0.6)) >>> 0;
      for (const piece of this.cut(fitted.text)) {
        const g = this.atlas.glyph(piece, px, bold);
        if (!g) return false;
        if (piece !== ' ') out.add(g, pen, base, sx, scale, n < fitted.dialect ? pale : color);
        pen += g.advance * sx;
        n += piece.length;
      }
    }
    return true;
  }

  frame(camera: Camera): boolean {
    const gl = this.gl, { w, h, ratio } = this;
    if (gl.isContextLost()) return false;
    this.engine.view(camera.x, camera.y, camera.zoom, w, h);
    const l = this.engine.draw();
    let below = new Quads(), above = new Quads(), plates: number[] = [];
    // When the atlas is full it is emptied, once: a frame never needs more than it holds, but for freak texts.
    for (let attempt = 0; attempt < 2; attempt++) {
      below = new Quads();
      above = new Quads();
      plates = [];
      this.addMarks(l, 0, l.nMarksBelow, below);
      this.addMarks(l, l.nMarksBelow, l.nMarks, above);
      if (this.addTexts(l, above, plates)) break;
      this.atlas.clear();
    }
    this.upload();
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    const b = this.background;
    gl.clearColor((b >>> 24) / 255, ((b >>> 16) & 255) / 255, ((b >>> 8) & 255) / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const part = (start: number, words: number, from: number, to: number): Uint32Array =>
      l.u32.subarray(start + from * words, start + to * words);
    this.rects.draw(part(l.rects, RECT, 0, l.nRectsBelow), w, h, ratio);
    this.curves.draw(part(l.curves, CURVE, 0, l.nCurvesBelow), w, h, ratio);
    this.glyphs.draw(below.words, w, h, ratio);
    this.rects.draw(part(l.rects, RECT, l.nRectsBelow, l.nRects), w, h, ratio);
    this.curves.draw(part(l.curves, CURVE, l.nCurvesBelow, l.nCurves), w, h, ratio);
    if (plates.length) {
      const data = new Uint32Array((plates.length / 4) * RECT), f = new Float32Array(data.buffer);
      for (let i = 0; i < plates.length / 4; i++) {
        f.set(plates.slice(i * 4, i * 4 + 4), i * RECT);
        data[i * RECT + 4] = b;
        f[i * RECT + 6] = 3;
      }
      this.rects.draw(data, w, h, ratio);
    }
    this.glyphs.draw(above.words, w, h, ratio);
    return false;
  }
}
