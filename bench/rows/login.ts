import { type Comparison, requestsFor } from "../comparison.ts";
import { bareNodeArgon2 } from "../contenders/bare-node.ts";
import { posternDefaults } from "../contenders/postern.ts";
import { httpRequest } from "../load-plan.ts";
import { loginBody } from "../postern-client.ts";

const NOBODY = { username: "nobody", password: "a password to check against" };

/** For information: argon2id is meant to be slow, and what else a login does hardly shows beside it. */
export const login: Comparison = {
  name: "login",
  title: "Login",
  note: "POST /auth/login with the right password, 2 connections.",
  contenders: [bareNodeArgon2, posternDefaults],
  yardstick: bareNodeArgon2.name,
  async plan({ port, accounts = [NOBODY] }, effort, last) {
    return {
      ports: [port],
      connections: 2,
      requests: requestsFor(effort, last, 20),
      rate: null,
      send: {
        kind: "list",
        messages: accounts.map((account) => httpRequest("POST", "/auth/login", {}, loginBody(account))),
      },
      expect: 200,
    };
  },
};
