// sharp from file to file, one thread, no cache. It takes its orders as serving.py does.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const modules = process.argv[2];
const sharp = require(path.join(modules, "sharp"));

sharp.cache(false);
sharp.concurrency(1);

const jobs = {
  // Every size by a clone of one input.
  async resize({ source, sizes, targets, format = "jpeg", options = { quality: 80 }, fast = true }) {
    const input = sharp(source, { failOn: "truncated" });
    const made = sizes.map(([width, height], number) => {
      const own = sizes.length > 1 ? input.clone() : input;
      return own
        .rotate()
        .resize(width, height, { fit: "fill", fastShrinkOnLoad: fast })
        .toFormat(format, options)
        .toFile(targets[number]);
    });
    await Promise.all(made);
  },

  async watermark({ source, width, height, logo, target }) {
    const mark = await marked(logo);
    await sharp(source, { failOn: "truncated" })
      .rotate()
      .resize(width, height, { fit: "fill" })
      .composite([{ input: mark, gravity: "southeast" }])
      .jpeg({ quality: 80 })
      .toFile(target);
  },

  async animation({ source, width, height, target, format, options = {} }) {
    await sharp(source, { animated: true }).resize(width, height).toFormat(format, options).toFile(target);
  },
};

// As who watermarks a lot would: the logo is sized once.
const marks = new Map();
async function marked(logo) {
  if (!marks.has(logo)) marks.set(logo, await sharp(logo).resize(200).png().toBuffer());
  return marks.get(logo);
}

async function main() {
  console.log(JSON.stringify({ sharp: sharp.versions.sharp, libvips: sharp.versions.vips, node: process.versions.node }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { job, times, ...order } = JSON.parse(line);
    let answer;
    try {
      const before = process.cpuUsage();
      for (let time = 0; time < times; time += 1) await jobs[job](order);
      const spent = process.cpuUsage(before);
      answer = { cpu: (spent.user + spent.system) / 1e6 / times };
    } catch (error) {
      answer = { error: String(error).slice(0, 200) };
    }
    answer.peak_kib = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]);
    console.log(JSON.stringify(answer));
  }
}

main();
