import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { Mailer } from './mailer.js';
import type { Message } from './message.js';

/** Whom a mail is for, and where they have their account. */
export interface Recipient {
  email: string;
  name: string;
  /** Name of the tenant; null for operators. */
  tenant: string | null;
}

/** A link's secret, and until when it is good. */
export interface LinkTicket {
  token: string;
  expiresAt: Date;
}

/** What ends: what it is, and by what name its owner knows it. */
export interface ExpiringCredential {
  what: string;
  name: string;
  expiresAt: Date;
}

const NOT_YOU = 'If this was not you, reset your password and tell your administrator.';

/** All mails about accounts. Links stand on PUBLIC_URL, never on what a request says; tokens after the #, which no server sees. */
@Injectable()
export class AccountMails {
  private readonly origin: string;

  constructor(
    private readonly mailer: Mailer,
    @Inject(CONFIG) { publicUrl, host, port }: Config,
  ) {
    this.origin = publicUrl ?? `http://${host}:${port}`;
  }

  /** Whether mails go anywhere at all. */
  get areOn(): boolean {
    return this.mailer.isOn;
  }

  invitation(to: Recipient, { token, expiresAt }: LinkTicket): void {
    this.send(to, {
      subject: `You are invited to ${placeOf(to)}`,
      paragraphs: [
        `An administrator invites you to ${placeOf(to)}. Choose a password to begin.`,
        `The link is good once, until ${timeOf(expiresAt)}.`,
      ],
      action: { label: 'Choose a password', link: this.link('setup', token) },
    });
  }

  passwordReset(to: Recipient, { token, expiresAt }: LinkTicket): void {
    this.send(to, {
      subject: 'Reset your password',
      paragraphs: [
        `Somebody, probably you, asked for a new password of your account at ${placeOf(to)}.`,
        `The link is good once, until ${timeOf(expiresAt)}. If you did not ask, ignore this mail: your password stays as it is.`,
      ],
      action: { label: 'Choose a new password', link: this.link('reset', token) },
    });
  }

  passwordChanged(to: Recipient): void {
    this.send(to, {
      subject: 'Your password was changed',
      paragraphs: [`The password of your account at ${placeOf(to)} was changed.`, NOT_YOU],
    });
  }

  factorsChanged(to: Recipient, what: 'added' | 'removed'): void {
    this.send(to, {
      subject: `A second factor was ${what}`,
      paragraphs: [`A second factor of your account at ${placeOf(to)} was ${what}.`, NOT_YOU],
    });
  }

  emailConfirmation(to: Recipient, { token, expiresAt }: LinkTicket): void {
    this.send(to, {
      subject: 'Confirm your new e-mail address',
      paragraphs: [
        `Confirm that this shall be the e-mail address of your account at ${placeOf(to)}.`,
        `The link is good once, until ${timeOf(expiresAt)}. If you did not ask for it, ignore this mail.`,
      ],
      action: { label: 'Confirm the address', link: this.link('confirm-email', token) },
    });
  }

  /** To the address as it is: another was asked for. */
  emailChangeRequested(to: Recipient): void {
    this.send(to, {
      subject: 'A new e-mail address was asked for',
      paragraphs: [`Somebody asked to change the e-mail address of your account at ${placeOf(to)}.`, NOT_YOU],
    });
  }

  /** To the address as it was. */
  emailChanged(to: Recipient): void {
    this.send(to, {
      subject: 'Your e-mail address was changed',
      paragraphs: [
        `The e-mail address of your account at ${placeOf(to)} was changed; this address can no longer sign in.`,
        'If this was not you, tell your administrator.',
      ],
    });
  }

  locked(to: Recipient, { isDisabled, proof }: { isDisabled: boolean; proof: string }): void {
    this.send(to, {
      subject: 'Too many failed sign-ins',
      paragraphs: [
        isDisabled
          ? `After 100 failures in a row your ${proof} at ${placeOf(to)} is of no use any more, until you reset your password.`
          : `Somebody failed to sign in to your account at ${placeOf(to)} so often that it rests for a while.`,
        'If it was you, wait or reset your password. If it was not, there is nothing to do: nobody got in.',
      ],
    });
  }

  /** To somebody who can renew what a program calls with. */
  credentialExpiring(to: Recipient, { what, name, expiresAt }: ExpiringCredential): void {
    this.send(to, {
      subject: `A key ends soon: ${name}`,
      paragraphs: [
        `The ${what} “${name}” at ${placeOf(to)} ends on ${timeOf(expiresAt)}. What calls with it stops working then.`,
        'If it is still needed, give the program another in time; if not, there is nothing to do.',
      ],
    });
  }

  private link(what: string, token: string): string {
    return `${this.origin}/docs#${what}=${token}`;
  }

  private send({ email, name }: Recipient, message: Message): void {
    this.mailer.send(email, { ...message, paragraphs: [`Hello ${name},`, ...message.paragraphs] });
  }
}

const placeOf = ({ tenant }: Recipient): string => (tenant === null ? 'Ringfence' : `${tenant} (Ringfence)`);

const timeOf = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
