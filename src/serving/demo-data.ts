import type { CreateAgentDto } from '../features/agents/agents.dto.js';
import type { CreateVendorDto } from '../features/vendors/vendors.dto.js';

/** A vendor of the sample tenant, with its agents and the texts of its files. */
export interface DemoVendor {
  vendor: CreateVendorDto;
  agents: CreateAgentDto[];
  files: { name: string; label: string; content: string }[];
}

export const DEMO_TENANT = { slug: 'demo', name: 'Nordlicht Logistics (demo)' };

export const DEMO_VENDORS: readonly DemoVendor[] = [
  {
    vendor: {
      name: 'Harbour Freight Partners',
      legalName: 'Harbour Freight Partners GmbH',
      contactEmail: 'dispatch@harbour-freight.example',
      contactPhone: '+49 40 555 0142',
      taxId: 'DE811234567',
      website: 'https://harbour-freight.example',
      status: 'active',
      tags: ['freight', 'hamburg'],
    },
    agents: [
      {
        name: 'Maren Petersen',
        kind: 'human',
        email: 'maren.petersen@harbour-freight.example',
        phone: '+49 40 555 0143',
        status: 'active',
        capabilities: ['dispatch', 'customs'],
      },
      {
        name: 'Jonas Okafor',
        kind: 'human',
        email: 'jonas.okafor@harbour-freight.example',
        status: 'active',
        capabilities: ['dispatch'],
      },
      {
        name: 'berth-planner',
        kind: 'software',
        status: 'active',
        capabilities: ['slots:read', 'slots:book'],
        validUntil: '2027-12-31T23:59:59Z',
      },
    ],
    files: [
      {
        name: 'berth-slots.csv',
        label: 'Slots of the quarter',
        content: 'berth,from,until\nA1,2026-10-01,2026-10-14\nB4,2026-11-02,2026-11-20\n',
      },
      {
        name: 'safety-briefing.txt',
        label: 'Safety briefing',
        content: 'High-visibility vests are worn on all quays.\nReport near misses to the shift lead.\n',
      },
    ],
  },
  {
    vendor: {
      name: 'Aurora Cold Chain',
      legalName: 'Aurora Cold Chain Oy',
      contactEmail: 'ops@aurora-cold.example',
      contactPhone: '+358 9 555 0170',
      taxId: 'FI20774740',
      website: 'https://aurora-cold.example',
      status: 'active',
      tags: ['refrigerated', 'pharma'],
    },
    agents: [
      {
        name: 'Aino Virtanen',
        kind: 'human',
        email: 'aino.virtanen@aurora-cold.example',
        status: 'active',
        capabilities: ['quality'],
      },
      { name: 'temperature-watch', kind: 'software', status: 'active', capabilities: ['telemetry:write'] },
    ],
    files: [
      {
        name: 'calibration-2026.csv',
        label: 'Calibration of sensors',
        content: 'sensor,offset_celsius\nAC-001,0.1\nAC-002,-0.2\n',
      },
    ],
  },
  {
    vendor: {
      name: 'Lumen Office Supplies',
      contactEmail: 'orders@lumen-office.example',
      contactPhone: '+44 20 7946 0958',
      status: 'active',
      tags: ['office'],
    },
    agents: [
      {
        name: 'Priya Nair',
        kind: 'human',
        email: 'priya.nair@lumen-office.example',
        status: 'active',
        capabilities: ['orders'],
      },
    ],
    files: [],
  },
  {
    vendor: {
      name: 'Vela Customs Brokers',
      legalName: 'Vela Customs Brokers S.r.l.',
      contactEmail: 'info@vela-customs.example',
      taxId: 'IT12345670017',
      status: 'pending',
      tags: ['customs'],
    },
    agents: [
      { name: 'declaration-bot', kind: 'software', status: 'pending', capabilities: ['declarations:draft'] },
    ],
    files: [],
  },
  {
    vendor: {
      name: 'Quarry & Sons Haulage',
      contactEmail: 'yard@quarry-haulage.example',
      status: 'suspended',
      tags: ['haulage', 'bulk'],
    },
    agents: [{ name: 'Tomasz Zieliński', kind: 'human', status: 'retired', capabilities: ['driving'] }],
    files: [],
  },
];
