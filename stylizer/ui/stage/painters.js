// @ts-check
// Painters: WebGL2, and the plain canvas where there is none. Both draw groups of two keyframes each, blended and
// cut by a mask, then the true picture that fades in, then the photo left of the divider.

/**
 * @typedef {object} Group two pictures, how far between them, and the mask that cuts them (null: the whole)
 * @property {any} below
 * @property {any} above
 * @property {number} blend
 * @property {any} mask
 * @property {number} gray how much of the photo's color it gets, 0 to 1; -1 takes all color away
 *
 * @typedef {object} Scene
 * @property {Group[]} groups
 * @property {any} truth
 * @property {any} photo
 * @property {number} fade
 * @property {number} split
 * @property {{x: number, y: number, width: number, height: number}} rect
 */

const VERTEX = `#version 300 es
in vec2 corner; uniform vec4 place; out vec2 at;
void main() { at = corner; vec2 p = place.xy + corner * place.zw; gl_Position = vec4(p * 2.0 - 1.0, 0.0, 1.0); }`;

// The two nearest keyframes are blended in sRGB, as it is stored: nearest to the true picture of the spaces tried.
// They are in the style's color; the photo's is mixed in here, by the law of `keep_color` of the studio.
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at; out vec4 color;
uniform sampler2D below, above, mask, photo; uniform float blend, masked, gray;
const vec3 LUMA = vec3(0.299, 0.587, 0.114);
void main() {
  vec2 uv = vec2(at.x, 1.0 - at.y);
  color = mix(texture(below, uv), texture(above, uv), blend);
  if (gray < 0.0) color.rgb = vec3(dot(color.rgb, LUMA));
  if (gray > 0.0) {
    float light = dot(color.rgb, LUMA);
    vec3 own = texture(photo, uv).rgb, chroma = own - dot(own, LUMA);
    vec3 room = mix(vec3(light), vec3(color.a - light), step(0.0, chroma)) / max(abs(chroma), vec3(1e-6));
    float share = min(1.0, min(room.r, min(room.g, room.b)));
    color.rgb = mix(color.rgb, light + share * chroma, gray);
  }
  color *= mix(1.0, texture(mask, uv).r, masked);
}`;

/**
 * @param {WebGL2RenderingContext} gl
 * @param {HTMLCanvasElement} canvas
 */
function webglPainter(gl, canvas) {
  const program = gl.createProgram();
  const compile = (kind, source) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  };
  compile(gl.VERTEX_SHADER, VERTEX);
  compile(gl.FRAGMENT_SHADER, FRAGMENT);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(gl.getAttribLocation(program, "corner"));
  gl.vertexAttribPointer(gl.getAttribLocation(program, "corner"), 2, gl.FLOAT, false, 0, 0);
  const uniform = (name) => gl.getUniformLocation(program, name);
  ["below", "above", "mask", "photo"].forEach((name, unit) => gl.uniform1i(uniform(name), unit));
  const places = { place: uniform("place"), blend: uniform("blend"), masked: uniform("masked"), gray: uniform("gray") };
  const stamp = (below, above, blend, mask, photo, gray) => {
    [below, above, mask || below, photo].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform1f(places.blend, blend);
    gl.uniform1f(places.masked, mask ? 1 : 0);
    gl.uniform1f(places.gray, gray);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  };
  const clamp = (texture) => {
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  };

  return {
    kind: "webgl2",
    keep(bitmap) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      bitmap.close();
      return clamp(texture);
    },
    drop: (texture) => gl.deleteTexture(texture),
    /** Keep a mask, an array of bytes row by row; `area` [left, top, width, height] renews a part of it. */
    keepMask(mask, bytes, [width, height], area) {
      const texture = mask || gl.createTexture();
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      if (mask && area) {
        gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
        const [left, top, wide, tall] = area;
        gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, left);
        gl.pixelStorei(gl.UNPACK_SKIP_ROWS, top);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, left, top, wide, tall, gl.RED, gl.UNSIGNED_BYTE, bytes);
        for (const name of ["ROW_LENGTH", "SKIP_PIXELS", "SKIP_ROWS"]) gl.pixelStorei(gl[`UNPACK_${name}`], 0);
      } else {
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
        clamp(texture);
      }
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
      return texture;
    },
    /** @param {Scene} scene */
    draw({ groups, truth, photo, fade, split, rect }) {
      const { width, height } = canvas;
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(places.place, rect.x / width, 1 - (rect.y + rect.height) / height, rect.width / width, rect.height / height);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE); // the masks sum to one, so the regions' shares simply add up
      for (const { below, above, blend, mask, gray } of groups) stamp(below, above, blend, mask, photo, gray);
      if (truth) {
        gl.blendColor(0, 0, 0, fade);
        gl.blendFunc(gl.CONSTANT_ALPHA, gl.ONE_MINUS_CONSTANT_ALPHA);
        stamp(truth, truth, 0, null, photo, 0);
      }
      gl.disable(gl.BLEND);
      if (split > 0) {
        gl.enable(gl.SCISSOR_TEST);
        gl.scissor(0, 0, Math.round(split), height);
        stamp(photo, photo, 0, null, photo, 0);
        gl.disable(gl.SCISSOR_TEST);
      }
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} canvas
 */
function plainPainter(context, canvas) {
  const stamp = (image, share, rect) => {
    if (share <= 0) return;
    context.globalAlpha = share;
    context.drawImage(image, rect.x, rect.y, rect.width, rect.height);
  };
  const scratch = document.createElement("canvas").getContext("2d");
  /** Give what is drawn the photo's color: the canvas's own blend has the law of `keep_color`, all but its bounds. */
  const recolor = (target, photo, gray, { x, y, width, height }) => {
    if (gray < 0) {
      target.globalCompositeOperation = "saturation";
      target.fillStyle = "#808080";
      target.fillRect(x, y, width, height);
      target.globalCompositeOperation = "source-over";
    }
    if (gray <= 0) return;
    target.globalAlpha = gray;
    target.globalCompositeOperation = "color";
    target.drawImage(photo, x, y, width, height);
    target.globalCompositeOperation = "source-over";
    target.globalAlpha = 1;
  };
  const masked = ({ below, above, blend, mask, gray }, photo) => {
    const [width, height] = [mask.canvas.width, mask.canvas.height];
    Object.assign(scratch.canvas, { width, height }); // which clears it, too
    scratch.drawImage(below, 0, 0, width, height);
    scratch.globalAlpha = blend;
    if (blend > 0) scratch.drawImage(above, 0, 0, width, height);
    scratch.globalAlpha = 1;
    recolor(scratch, photo, gray, { x: 0, y: 0, width, height });
    scratch.globalCompositeOperation = "destination-in";
    scratch.drawImage(mask.canvas, 0, 0);
    return scratch.canvas;
  };
  return {
    kind: "2d",
    keep: (bitmap) => bitmap,
    drop: (kept) => kept.close?.(),
    keepMask(mask, bytes, [width, height], area = [0, 0, width, height]) {
      const kept = mask || Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
      const [left, top, wide, tall] = area;
      const part = kept.createImageData(wide, tall);
      for (let y = 0, at = 3; y < tall; y += 1) {
        const row = (top + y) * width + left;
        for (let x = 0; x < wide; x += 1, at += 4) part.data[at] = bytes[row + x];
      }
      kept.putImageData(part, left, top);
      return kept;
    },
    /** @param {Scene} scene */
    draw({ groups, truth, photo, fade, split, rect }) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      for (const group of groups) {
        if (!group.mask) {
          stamp(group.below, 1, rect);
          stamp(group.above, group.blend, rect);
          recolor(context, photo, group.gray, rect);
          continue;
        }
        const picture = masked(group, photo);
        context.globalCompositeOperation = "lighter"; // the masks sum to one, so the regions' shares add up
        stamp(picture, 1, rect);
        context.globalCompositeOperation = "source-over";
      }
      if (truth) stamp(truth, fade, rect);
      if (split > 0) {
        context.save();
        context.beginPath();
        context.rect(0, 0, split, canvas.height);
        context.clip();
        context.clearRect(0, 0, split, canvas.height);
        stamp(photo, 1, rect);
        context.restore();
      }
      context.globalAlpha = 1;
    },
  };
}

/** Choose WebGL2 where the browser has it; `plain` forces the plain canvas. */
export function choosePainter(canvas, plain) {
  const gl = plain ? null : canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  return gl ? webglPainter(gl, canvas) : plainPainter(canvas.getContext("2d"), canvas);
}
