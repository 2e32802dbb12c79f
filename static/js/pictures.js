import { askBeforeSending } from "./confirm.js";

askBeforeSending();
