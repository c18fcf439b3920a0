import { openSqlite } from "./open-sqlite.ts";
import { storeContract } from "./store-contract.ts";

storeContract("SQLite", () => openSqlite());
