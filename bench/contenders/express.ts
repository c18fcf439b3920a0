import { packageVersion } from "../machine.ts";
import { nodeServer } from "./node-server.ts";

export const express = nodeServer({
  name: "express",
  label: `express ${packageVersion("express")} + express-jwt + http-proxy-middleware`,
  file: "peers/express.js",
  authenticates: true,
});
